using Microsoft.EntityFrameworkCore;
using Tidepool.Core.Activities;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;
using Tidepool.Db.Activities;
using Tidepool.Db.Changes;
using Tidepool.Db.Health;
using Tidepool.Db.Jobs;
using Tidepool.Db.Leases;
using Tidepool.Db.Workspaces;

namespace Tidepool.Db.Schema;

/// <summary>The tables. Instants are UTC ticks, ids 16 bytes in the order of their text, states their names.</summary>
internal sealed class TidepoolDbContext(DbContextOptions<TidepoolDbContext> options) : DbContext(options)
{
    public DbSet<WorkspaceRow> Workspaces => Set<WorkspaceRow>();

    public DbSet<RemovalRow> Removals => Set<RemovalRow>();

    public DbSet<RevisionRow> Revisions => Set<RevisionRow>();

    public DbSet<ActivityRow> Activities => Set<ActivityRow>();

    public DbSet<LeaseRow> Leases => Set<LeaseRow>();

    public DbSet<JobRow> Jobs => Set<JobRow>();

    public DbSet<DeadJobRow> DeadJobs => Set<DeadJobRow>();

    public DbSet<HealthRow> Health => Set<HealthRow>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<InstantConverter>();
        configurationBuilder.Properties<Guid>().HaveConversion<IdConverter>();
        configurationBuilder.Properties<DesiredState>().HaveConversion<string>();
        configurationBuilder.Properties<WorkspaceStatus>().HaveConversion<string>();
        configurationBuilder.Properties<Isolation>().HaveConversion<string>();
        configurationBuilder.Properties<Actor>().HaveConversion<string>();
        configurationBuilder.Properties<ActivityOutcome>().HaveConversion<string>();
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<WorkspaceRow>(workspace =>
        {
            workspace.Property(row => row.Id).ValueGeneratedNever();
            workspace.HasIndex(row => row.Name).IsUnique();
            workspace.HasIndex(row => new { row.CreatedAt, row.Id });
            workspace.HasIndex(row => row.Revision);
        });
        modelBuilder.Entity<RemovalRow>(removal =>
        {
            removal.HasKey(row => row.Revision);
            removal.Property(row => row.Revision).ValueGeneratedNever();
        });
        modelBuilder.Entity<RevisionRow>().Property(row => row.Id).ValueGeneratedNever();
        modelBuilder.Entity<ActivityRow>(activity =>
        {
            activity.HasKey(row => row.Sequence);
            activity.HasIndex(row => new { row.Workspace, row.Sequence });
        });
        modelBuilder.Entity<LeaseRow>().HasKey(row => row.Resource);
        modelBuilder.Entity<JobRow>(job =>
        {
            job.HasIndex(row => row.VisibleAt);
            job.HasIndex(row => row.Workspace);
        });
        modelBuilder.Entity<DeadJobRow>().Property(row => row.Id).ValueGeneratedNever();
        modelBuilder.Entity<HealthRow>().HasKey(row => row.Component);
    }
}
